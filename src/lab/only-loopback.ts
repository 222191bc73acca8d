/** The guard of lab mode: nothing connects to anything but this machine. */
import { isLoopback } from '../runtime/loopback.ts'

/** An address outside this machine was about to be used in lab mode. */
export class OutsideAddress extends Error {
  override readonly name = 'OutsideAddress'
}

export function assertLoopback(address: string): void {
  if (!isLoopback(address)) {
    throw new OutsideAddress(
      `Lab mode: nothing leaves this machine, and ${JSON.stringify(address)} is outside it`,
    )
  }
}
