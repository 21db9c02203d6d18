import { SettingsPageDocument, type SettingsPageQuery, type SettingsPageQueryVariables } from '../../generated/graphql.ts';
import listMailboxes from './examples/list-mailboxes.graphql?raw';
import liveStatus from './examples/live-status.graphql?raw';
import checkMailbox from './examples/check-mailbox.graphql?raw';
import reenterPassword from './examples/reenter-password.graphql?raw';
import workspaceBanner from './examples/workspace-banner.graphql?raw';
import explainError from './examples/explain-error.graphql?raw';

export interface ExampleTab {
  readonly query: string;
  readonly variables: string;
}

type KnownMailbox = SettingsPageQuery['mailboxes']['nodes'][number];

/** The examples run as they are: their variables name mailboxes that the token can really see. */
export async function exampleTabs(token: string | null): Promise<readonly ExampleTab[]> {
  const known = await worstMailboxes(token);
  const any = known[0]?.id ?? 'connect-a-mailbox-first';
  // The one that was broken last: somebody is probably playing with it.
  const rejected = known
    .filter((mailbox) => mailbox.status.reason === 'BAD_CREDENTIALS')
    .toSorted((a, b) => b.status.since.localeCompare(a.status.since))[0];
  return [
    { query: listMailboxes, variables: json({ first: 20 }) },
    { query: liveStatus, variables: json({}) },
    { query: reenterPassword, variables: json({ input: { mailboxId: rejected?.id ?? any, password: 'new' } }) },
    { query: checkMailbox, variables: json({ input: { mailboxId: any } }) },
    { query: workspaceBanner, variables: json({}) },
    {
      query: explainError,
      variables: json({
        input: { error: '535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant.', protocol: 'SMTP' },
      }),
    },
  ];
}

function json(value: unknown): string {
  return JSON.stringify(value, null, 2);
}

async function worstMailboxes(token: string | null): Promise<readonly KnownMailbox[]> {
  if (token === null) return [];
  try {
    const variables: SettingsPageQueryVariables = { first: 20 };
    const response = await fetch('/graphql', {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify({ query: SettingsPageDocument.toString(), variables }),
    });
    const answer = (await response.json()) as { readonly data?: SettingsPageQuery };
    return answer.data?.mailboxes.nodes ?? [];
  } catch {
    // Offline or refused: the examples still show how to ask, and running one says why it fails.
    return [];
  }
}
