import { describe, expect, test } from 'vitest';
import { CONFIDENCES } from '../../src/domain/diagnosis.ts';
import type { IncidentId, WorkspaceId } from '../../src/domain/ids.ts';
import { cohortIncident, faultIncident, incidentScopeOf, monitorIncident, newIncident } from '../../src/domain/incident-scope.ts';
import type { Provider } from '../../src/domain/mail.ts';
import { REASONS, type Reason } from '../../src/domain/reason.ts';
import { treatmentOf } from '../../src/domain/reasons.ts';
import { BASIC, diagnosis, GOOGLE_GRANT, MICROSOFT_GRANT, setup, SHARED, START } from './health-fixtures.ts';

const AT_MICROSOFT = setup('MICROSOFT_365', MICROSOFT_GRANT);
const AT_GOOGLE = setup('GMAIL', GOOGLE_GRANT, { signInAddress: 'Support@Acme.Test' });
const ELSEWHERE = setup('OTHER', BASIC, { incomingServer: { host: 'IMAP.acme.test', port: 993, security: 'TLS' } });
const SETUPS: Readonly<Record<Provider, typeof AT_MICROSOFT>> = { MICROSOFT_365: AT_MICROSOFT, GMAIL: AT_GOOGLE, OTHER: ELSEWHERE };

describe('the scope of an incident', () => {
  test.each<[Reason, Provider, string]>([
    ['APP_SECRET_EXPIRED', 'MICROSOFT_365', 'oauth-app:microsoft'],
    ['APP_IN_TESTING', 'GMAIL', 'oauth-app:google'],
    ['ADMIN_POLICY_BLOCKED', 'MICROSOFT_365', 'tenant:tenant-1'],
    ['ADMIN_POLICY_BLOCKED', 'GMAIL', 'tenant:acme.test'],
    ['CLIENT_IP_BLOCKED', 'OTHER', 'host:imap.acme.test'],
    ['SECRET_UNAVAILABLE', 'OTHER', 'gateway:keyring'],
  ])('%s at %s is %s', (reason, provider, scope) => {
    expect(incidentScopeOf(diagnosis(reason, 'CERTAIN'), SETUPS[provider], 'INCOMING')).toBe(scope);
  });

  test('exists exactly for what is treated as shared, so that no blocked leg is without its incident', () => {
    for (const reason of REASONS) {
      for (const confidence of CONFIDENCES) {
        for (const retryable of [true, false]) {
          const found = diagnosis(reason, confidence, { retryable });
          expect(incidentScopeOf(found, AT_MICROSOFT, 'OUTGOING') !== null).toBe(treatmentOf(found) === 'SHARED');
        }
      }
    }
  });
});

describe('an incident', () => {
  test('of a shared fault says what its diagnosis says', () => {
    const draft = faultIncident('oauth-app:microsoft', SHARED);
    const incident = newIncident(draft, {
      id: 'incident-1' as IncidentId,
      workspaceId: 'workspace-1' as WorkspaceId,
      affectedCount: 2,
      openedAt: START,
    });
    expect(incident).toEqual({
      id: 'incident-1',
      workspaceId: 'workspace-1',
      revision: 0,
      scope: 'oauth-app:microsoft',
      reason: 'APP_SECRET_EXPIRED',
      actor: 'GATEWAY_OPERATOR',
      action: 'UPDATE_CLIENT_SECRET',
      message: SHARED.message,
      affectedCount: 2,
      openedAt: START,
      closedAt: null,
    });
  });

  test('of a cohort names its host and asks nobody to sign in', () => {
    const draft = cohortIncident('MICROSOFT_365|outlook.office365.com');
    expect(draft).toMatchObject({ scope: 'cohort:MICROSOFT_365|outlook.office365.com', actor: 'NOBODY', action: 'WAIT_AND_RETRY' });
    expect(draft.message).toContain('Microsoft (outlook.office365.com)');
    expect(cohortIncident('OTHER|imap.acme.test').message).toContain('at imap.acme.test');
  });

  test('of a lagging monitor is for the operator', () => {
    expect(monitorIncident()).toMatchObject({ scope: 'gateway:monitor', actor: 'GATEWAY_OPERATOR', reason: 'STALE' });
  });
});
