/** The certificates of this start: those the settings name, or our own. */
import { join } from 'node:path'
import type { Config } from '../config.ts'
import { type Certificates, ensureCertificates, loadCertificates } from '../runtime/certificates.ts'
import type { Clock } from '../runtime/clock.ts'

export async function openCertificates(
  { tls, data, mode, name }: Config,
  clock: Clock,
): Promise<Certificates> {
  const now = clock.now()
  if (tls.certificate !== undefined && tls.key !== undefined) {
    return loadCertificates({
      certificatePath: tls.certificate,
      keyPath: tls.key,
      ...(tls.ca !== undefined && { caPath: tls.ca }),
      now,
    })
  }
  const names = mode === 'lab' ? [name, 'mx.lab.test'] : [name]
  return ensureCertificates({ folder: join(data, 'tls'), names, now })
}
