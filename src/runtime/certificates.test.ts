import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempDisposable, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { connect, createServer } from 'node:tls'
import { CertificateProblem, ensureCertificates, loadCertificates } from './certificates.ts'

const now = Date.now()
const day = 86_400_000
const temporaryFolder = () => mkdtempDisposable(join(tmpdir(), 'paravion-tls-'))

function problem(message: RegExp) {
  return (error: unknown) => error instanceof CertificateProblem && message.test(error.message)
}

test('a client that trusts our CA verifies us under every name', async () => {
  await using folder = await temporaryFolder()
  const { certificate, key, ca, caPath } = await ensureCertificates({
    folder: folder.path,
    names: ['Mail.Shop.example', 'bücher.example', '192.0.2.1', 'localhost'],
    now,
  })
  assert.equal(await readFile(caPath, 'utf8'), ca)

  const server = createServer({ cert: certificate, key }, (socket) => socket.end())
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  for (const servername of ['mail.shop.example', 'xn--bcher-kva.example', 'localhost']) {
    const socket = connect({ host: '127.0.0.1', port, ca, servername })
    await once(socket, 'secureConnect')
    assert.equal(socket.authorized, true, servername)
    socket.destroy()
  }
  const byAddress = connect({ host: '127.0.0.1', port, ca })
  await once(byAddress, 'secureConnect')
  assert.equal(byAddress.authorized, true)
  byAddress.destroy()
  const stranger = connect({ host: '127.0.0.1', port, ca, servername: 'other.example' })
  await assert.rejects(once(stranger, 'secureConnect'), /ERR_TLS_CERT_ALTNAME_INVALID|does not match/)
  server.close()

  const leaf = new X509Certificate(certificate)
  assert.equal(
    leaf.subjectAltName,
    'DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1, DNS:mail.shop.example, DNS:xn--bcher-kva.example, IP Address:192.0.2.1',
  )
  assert.equal(leaf.publicKey.asymmetricKeyDetails?.namedCurve, 'prime256v1')
  assert.ok(Math.abs(leaf.validToDate.getTime() - now - 825 * day) < 2_000)
})

test('keys are for their owner only and nothing else is left behind', async () => {
  await using folder = await temporaryFolder()
  await ensureCertificates({ folder: join(folder.path, 'tls'), names: [], now })
  const files = await readdir(join(folder.path, 'tls'))
  assert.deepEqual(files.sort(), ['ca-key.pem', 'ca.pem', 'server-key.pem', 'server.pem'])
  for (const file of ['ca-key.pem', 'server-key.pem']) {
    assert.equal((await stat(join(folder.path, 'tls', file))).mode & 0o777, 0o600)
  }
})

test('the server certificate stays until its names change or its end is near; the CA stays', async () => {
  await using folder = await temporaryFolder()
  const at = (time: number, names: string[]) => ensureCertificates({ folder: folder.path, names, now: time })
  const first = await at(now, ['a.example'])

  assert.deepEqual(await at(now + 794 * day, ['A.example']), first)
  const renewed = await at(now + 796 * day, ['a.example'])
  assert.notEqual(renewed.certificate, first.certificate)
  const renamed = await at(now + 796 * day, ['b.example'])
  assert.notEqual(renamed.certificate, renewed.certificate)
  assert.equal(new X509Certificate(renamed.certificate).checkHost('b.example'), 'b.example')
  assert.deepEqual([renewed.ca, renamed.ca], [first.ca, first.ca])

  const tenYearsOn = await at(now + 3_640 * day, ['b.example'])
  assert.notEqual(tenYearsOn.ca, first.ca)
  assert.ok(new X509Certificate(tenYearsOn.certificate).verify(new X509Certificate(tenYearsOn.ca).publicKey))
})

test('an interrupted first start is finished by the next', async () => {
  await using folder = await temporaryFolder()
  const first = await ensureCertificates({ folder: folder.path, names: [], now })
  await rm(join(folder.path, 'server.pem'))
  const second = await ensureCertificates({ folder: folder.path, names: [], now })
  assert.equal(second.ca, first.ca)
  assert.notEqual(second.certificate, first.certificate)

  await rm(join(folder.path, 'ca.pem'))
  const third = await ensureCertificates({ folder: folder.path, names: [], now })
  assert.notEqual(third.ca, first.ca)
  assert.ok(new X509Certificate(third.certificate).verify(new X509Certificate(third.ca).publicKey))
})

test('a CA without its key is not replaced behind the back of those who trust it', async () => {
  await using folder = await temporaryFolder()
  const names = ['a.example']
  await ensureCertificates({ folder: folder.path, names, now })
  await rm(join(folder.path, 'ca-key.pem'))
  await assert.rejects(
    ensureCertificates({ folder: folder.path, names, now }),
    problem(/ca-key\.pem is missing/),
  )
  await writeFile(join(folder.path, 'ca-key.pem'), await readFile(join(folder.path, 'server-key.pem')))
  await assert.rejects(
    ensureCertificates({ folder: folder.path, names, now }),
    problem(/is not the key of ca\.pem/),
  )
})

test('a name that is none is refused', async () => {
  await using folder = await temporaryFolder()
  await assert.rejects(
    ensureCertificates({ folder: folder.path, names: ['a b'], now }),
    /'a b' cannot be named/,
  )
})

test("the operator's files are taken as they are, or refused with what is wrong", async () => {
  await using folder = await temporaryFolder()
  await using other = await temporaryFolder()
  await ensureCertificates({ folder: folder.path, names: [], now })
  await ensureCertificates({ folder: other.path, names: [], now })
  const files = {
    certificatePath: join(folder.path, 'server.pem'),
    keyPath: join(folder.path, 'server-key.pem'),
    caPath: join(folder.path, 'ca.pem'),
    now,
  }
  assert.deepEqual(await loadCertificates(files), {
    certificate: await readFile(files.certificatePath, 'utf8'),
    key: await readFile(files.keyPath, 'utf8'),
    ca: await readFile(files.caPath, 'utf8'),
    caPath: files.caPath,
  })

  const table: [change: Partial<typeof files>, message: RegExp][] = [
    [
      { certificatePath: join(folder.path, 'none.pem') },
      /TLS certificate .*none\.pem cannot be read: there is no such file/,
    ],
    [{ keyPath: folder.path }, /TLS key .* cannot be read: .*EISDIR/],
    [{ keyPath: join(other.path, 'server-key.pem') }, /does not belong to the certificate/],
    [{ certificatePath: files.keyPath }, /server-key\.pem does not hold a certificate in PEM form/],
    [{ keyPath: files.certificatePath }, /server\.pem does not hold an unencrypted private key/],
    [{ caPath: files.keyPath }, /does not hold a certificate/],
    [{ now: now + 900 * day }, /expired on 2\d{3}-/],
    [{ now: now - 9 * day }, /valid only from .*clock/],
  ]
  for (const [change, message] of table) {
    await assert.rejects(loadCertificates({ ...files, ...change }), problem(message), String(message))
  }
})
