import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { lexicographicSortSchema, printSchema } from 'graphql';
import { schema } from './schema.ts';

/** Run by `npm run schema`: writes schema.graphql at the root of the project. */
writeFileSync(fileURLToPath(new URL('../../schema.graphql', import.meta.url)), `${printSchema(lexicographicSortSchema(schema))}\n`);
