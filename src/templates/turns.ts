/** What waits to be done, in turns over whom it is for: nobody waits for more than one task of each of the others. */

export type TurnLimits = {
  maxWaiting: number
  maxOfOwner: number
  /** Of all that waits: it is held in memory. */
  maxCharacters: number
}

export type Turns<Item> = {
  /** False where there is no room for it. */
  add(owner: string, item: Item): boolean
  /** False where it is not waiting any more. */
  remove(owner: string, item: Item): boolean
  next(): Item | undefined
}

export function createTurns<Item extends { characters: number }>(limits: TurnLimits): Turns<Item> {
  /** In the order of their turns; nobody without an item. */
  const itemsOf = new Map<string, Item[]>()
  let waiting = 0
  let characters = 0

  function leave(item: Item): Item {
    waiting -= 1
    characters -= item.characters
    return item
  }

  return {
    add(owner, item) {
      const items = itemsOf.get(owner) ?? []
      if (waiting >= limits.maxWaiting || items.length >= limits.maxOfOwner) return false
      if (waiting > 0 && characters + item.characters > limits.maxCharacters) return false
      itemsOf.set(owner, [...items, item])
      waiting += 1
      characters += item.characters
      return true
    },
    remove(owner, item) {
      const items = itemsOf.get(owner) ?? []
      const others = items.filter((one) => one !== item)
      if (others.length === items.length) return false
      if (others.length === 0) itemsOf.delete(owner)
      else itemsOf.set(owner, others)
      leave(item)
      return true
    },
    next() {
      for (const [owner, [item, ...others]] of itemsOf) {
        // Whoever has more goes to the end.
        itemsOf.delete(owner)
        if (others.length > 0) itemsOf.set(owner, others)
        if (item !== undefined) return leave(item)
      }
      return undefined
    },
  }
}
