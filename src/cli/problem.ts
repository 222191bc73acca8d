/** What stops a command: said in one line, without a stack. */
export class CommandProblem extends Error {
  override readonly name = 'CommandProblem'
}
