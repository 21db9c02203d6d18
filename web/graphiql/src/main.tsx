import 'graphiql/setup-workers/vite';
import 'graphiql/style.css';
import './page.css';
import { GraphiQL } from 'graphiql';
import { createRoot } from 'react-dom/client';
import { exampleTabs } from './example-tabs.ts';
import { createFetcher } from './fetcher.ts';
import { takeToken } from './token.ts';

const token = takeToken();
const headers = token === null ? '{ "authorization": "Bearer paste-a-token-here" }' : JSON.stringify({ authorization: `Bearer ${token}` }, null, 2);
const tabs = await exampleTabs(token);
const root = document.getElementById('root');
if (root === null) throw new Error('The page has no root element.');

createRoot(root).render(
  <GraphiQL
    fetcher={createFetcher(token)}
    defaultTabs={tabs.map((tab) => ({ ...tab, headers }))}
    defaultHeaders={headers}
    initialHeaders={headers}
    shouldPersistHeaders={false}
    showPersistHeadersSettings={false}
    defaultEditorToolsVisibility="variables"
  >
    <GraphiQL.Logo>
      <span className="brand">mailbox-gateway</span>
    </GraphiQL.Logo>
  </GraphiQL>,
);
