import type { CodegenConfig } from '@graphql-codegen/cli';

/** Typed operations for the web pages, and for any front end that copies docs/operations.graphql. Reads files only: works offline. */
const config: CodegenConfig = {
  schema: 'schema.graphql',
  documents: 'docs/operations.graphql',
  generates: {
    'web/generated/': {
      preset: 'client',
      presetConfig: { fragmentMasking: false },
      config: {
        documentMode: 'string',
        enumsAsTypes: true,
        onlyOperationTypes: true,
        immutableTypes: true,
        scalars: { DateTime: 'string', EmailAddress: 'string' },
        strictScalars: true,
        useTypeImports: true,
      },
    },
  },
};

export default config;
