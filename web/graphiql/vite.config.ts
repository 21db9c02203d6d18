import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

export default defineConfig({
  root: import.meta.dirname,
  base: '/graphiql/',
  plugins: [react()],
  worker: { format: 'es' },
  build: {
    outDir: '../../dist/web/graphiql',
    emptyOutDir: true,
    chunkSizeWarningLimit: 8_000,
    // The page runs under a policy that allows no inline script.
    modulePreload: { polyfill: false },
    rolldownOptions: {
      // GraphiQL ships files marked for the React compiler; bundled, the mark means nothing.
      onLog: (level, log, report) => {
        if (log.code !== 'MODULE_LEVEL_DIRECTIVE') report(level, log);
      },
    },
  },
});
