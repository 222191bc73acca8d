/* `node bin/with-node24.js ARGS`: what `node ARGS` would do, with the Node.js that this package needs. */
import { isNewEnough, runWithNode, runWithOwnNode } from './node24.js'

const args = process.argv.slice(2)
if (isNewEnough()) runWithNode(process.execPath, args)
else runWithOwnNode(args)
