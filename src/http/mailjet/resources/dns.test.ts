import assert from 'node:assert/strict'
import { httpStorageTest } from '../../../../test/http-server.ts'
import {
  assertRefused,
  assertSubset,
  oneOf,
  type RestObject,
  restCaller,
  rowsOf,
} from '../../../../test/rest-calls.ts'

httpStorageTest('a domain has the recorded properties', async (http) => {
  const call = restCaller(http)
  await call('POST', 'sender', { Email: '*@toys.example' })
  const { DKIMRecordValue, ID, OwnerShipToken, ...rest } = oneOf(await call('GET', 'dns/toys.example'))
  assert.match(String(OwnerShipToken), /^[0-9a-f]{32}$/)
  assert.match(String(DKIMRecordValue), /^k=rsa; p=[A-Za-z0-9+/]+=*$/)
  assert.equal(typeof ID, 'number')
  assert.deepEqual(rest, {
    DKIMRecordName: 'mailjet._domainkey.toys.example.',
    DKIMStatus: 'Not checked',
    Domain: 'toys.example',
    IsCheckInProgress: false,
    LastCheckAt: '',
    OwnerShipTokenRecordName: `mailjet._${String(OwnerShipToken).slice(0, 8)}.toys.example.`,
    SPFRecordValue: 'v=spf1 include:spf.mail.paravion.example ~all',
    SPFStatus: 'Not checked',
  })
  assertRefused(await call('POST', 'dns', { Domain: 'x.example' }), 405, 'Method not allowed')
  assertRefused(await call('DELETE', `dns/${ID}`), 405, 'Method not allowed')
  assertRefused(await call('GET', 'dns/nowhere.example'), 404, 'Object not found')
  assertRefused(await call('GET', 'dns/not a name'.replaceAll(' ', '%20')), 404, 'Object not found')
})

httpStorageTest('a check tells what DNS has, and what is wrong with it', async (http) => {
  const call = restCaller(http)
  await call('POST', 'sender', { Email: '*@toys.example' })
  const { ID, DKIMRecordValue } = oneOf(await call('GET', 'dns/toys.example'))
  const check = async (reference: unknown): Promise<RestObject> => {
    const answer = await call('POST', `dns/${reference}/check`, {})
    assert.equal(answer.status, 200, answer.text)
    return oneOf(answer)
  }

  const missing = await check('toys.example')
  assertSubset(missing, {
    DKIMRecordCurrentValue: '',
    DKIMStatus: 'Error',
    SPFRecordsCurrentValues: [],
    SPFStatus: 'Error',
  })
  assert.deepEqual(
    [missing.DKIMErrors, missing.SPFErrors].map((errors) => (errors as string[]).length),
    [1, 1],
  )

  // The key stands behind a CNAME, the include two levels deep.
  http.world.cname.set('mailjet._domainkey.toys.example', 'keys.provider.example')
  http.world.txt.set('keys.provider.example', [String(DKIMRecordValue)])
  http.world.txt.set('toys.example', ['v=spf1 include:spf.provider.example -all'])
  http.world.txt.set('spf.provider.example', ['v=spf1 include:spf.mail.paravion.example ~all'])
  http.world.txt.set('spf.mail.paravion.example', ['v=spf1 ip4:127.0.0.1 ~all'])
  assert.deepEqual(await check(ID), {
    DKIMErrors: [],
    DKIMRecordCurrentValue: DKIMRecordValue,
    DKIMStatus: 'OK',
    SPFErrors: [],
    SPFRecordsCurrentValues: ['v=spf1 include:spf.provider.example -all'],
    SPFStatus: 'OK',
  })
  const after = oneOf(await call('GET', `dns/${ID}`))
  assertSubset(after, { DKIMStatus: 'OK', SPFStatus: 'OK' })
  assert.match(String(after.LastCheckAt), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)

  http.world.txt.set('toys.example', ['v=spf1 mx -all', 'v=spf1 include:spf.mail.paravion.example ~all'])
  const doubled = await check(ID)
  assert.equal(doubled.SPFStatus, 'Error')
  assert.equal((doubled.SPFRecordsCurrentValues as string[]).length, 2)

  for (const [query, names] of [
    ['', ['shop.example', 'toys.example']],
    ['?SPFStatus=Error', ['toys.example']],
    ['?spfstatus=not checked'.replaceAll(' ', '+'), ['shop.example']],
    ['?SPFStatus=nonsense', []],
    ['?MinLastCheckAt=2020-01-01', ['toys.example']],
    ['?MaxLastCheckAt=2020-01-01', []],
    ['?IsCheckInProgress=true', []],
    ['?IsSenderIdentified=true', ['shop.example']],
    ['?IsSenderIdentified=0', ['toys.example']],
    ['?IsYahooFBL=true', []],
    ['?IsYahooFBL=false', ['shop.example', 'toys.example']],
    ['?IsCheckInProgress=false&Limit=1&Offset=1', ['toys.example']],
  ] as const) {
    assert.deepEqual(
      rowsOf(await call('GET', `dns${query}`)).map(({ Domain }) => Domain),
      names,
      query,
    )
  }
  assert.deepEqual((await call('GET', 'dns?countOnly=true')).body, { Count: 2, Data: [], Total: 2 })
})
