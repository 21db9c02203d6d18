import 'graphiql/setup-workers/vite';
import 'graphiql/style.css';
import './page.css';
import { GraphiQL } from 'graphiql';
import { createRoot } from 'react-dom/client';
import { exampleTabs } from './example-tabs.ts';
import { createFetcher } from './fetcher.ts';
import { hasTabs, pageStorage } from './storage.ts';
import { followTokenLinks, takeToken } from './token.ts';

const token = takeToken();
followTokenLinks();
const headers = JSON.stringify({ authorization: `Bearer ${token ?? 'paste-a-token-here'}` }, null, 2);
const tabs = (await exampleTabs(token)).map((tab) => ({ ...tab, headers }));
const [first] = tabs;
const root = document.getElementById('root');
if (root === null) throw new Error('The page has no root element.');

createRoot(root).render(
  <GraphiQL
    fetcher={createFetcher(token)}
    storage={pageStorage}
    defaultTabs={tabs}
    defaultHeaders={headers}
    initialHeaders={headers}
    // The first tab's editors are filled from these and not from the tab.
    {...(first === undefined || hasTabs() ? {} : { initialQuery: first.query, initialVariables: first.variables })}
    shouldPersistHeaders={false}
    showPersistHeadersSettings={false}
    defaultEditorToolsVisibility="variables"
  >
    <GraphiQL.Logo>
      <a className="brand" href="/help">
        mailbox-gateway
      </a>
    </GraphiQL.Logo>
  </GraphiQL>,
);
