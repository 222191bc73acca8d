/** A thread that ends its process when the parent is gone, however busy the process is. */

const everyMs = 500
const parent = process.ppid

setInterval(() => {
  // Whose parent has died gets another one; a parent that is killed tells nobody.
  if (process.ppid !== parent) process.kill(process.pid, 'SIGKILL')
}, everyMs)
