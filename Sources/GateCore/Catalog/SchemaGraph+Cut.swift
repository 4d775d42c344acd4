extension SchemaGraph {
    /// Marks references so that what is left, written out in full as some clients do, ends: no circles, no chain of
    /// more than ``maxDepth`` references, and no reference to more than ``maxCount`` schemas.
    ///
    /// A search over the schemas that are referred to, each visited once, without recursion: a chain of references
    /// may be as long as the schema.
    mutating func cutReferences() {
        let referrers = referrersByTarget()
        var finished: [Int: Size] = [:]
        var open: Set<Int> = []
        for start in referrers.keys.sorted() where finished[start] == nil {
            var stack = [Visit(target: start, size: Size(count: sizes[start]))]
            open.insert(start)
            while var visit = stack.popLast() {
                let inside = referrers[visit.target] ?? []
                guard visit.next < inside.count else {
                    open.remove(visit.target)
                    finished[visit.target] = visit.size
                    continue
                }
                let referrer = inside[visit.next]
                guard nodes[referrer].cut == nil, case .local(let target) = nodes[referrer].reference else {
                    visit.next += 1
                    stack.append(visit)
                    continue
                }
                if let size = finished[target] {
                    visit.next += 1
                    if !visit.size.add(size) { setCut(.expansion, at: referrer) }
                    stack.append(visit)
                } else if open.contains(target) {
                    visit.next += 1
                    setCut(.recursion, at: referrer)
                    stack.append(visit)
                } else {
                    // Back here with the same referrer once the target is finished.
                    stack.append(visit)
                    stack.append(Visit(target: target, size: Size(count: sizes[target])))
                    open.insert(target)
                }
            }
        }
    }

    /// What a schema is when its references are written out.
    private struct Size {
        var count: Int
        var chain = 0

        /// Adds what a reference leads to. False, and unchanged, when that is too much.
        mutating func add(_ other: Size) -> Bool {
            guard count + other.count <= SchemaGraph.maxCount, other.chain < SchemaGraph.maxDepth else { return false }
            count += other.count
            chain = max(chain, other.chain + 1)
            return true
        }
    }

    private struct Visit {
        let target: Int
        var size: Size
        var next = 0
    }

    /// For the root and every schema that is referred to: the references within it, in order.
    private func referrersByTarget() -> [Int: [Int]] {
        var inside: [Int: [Int]] = [Self.root: []]
        for node in nodes {
            if case .local(let target) = node.reference { inside[target] = [] }
        }
        for index in nodes.indices {
            guard case .local = nodes[index].reference else { continue }
            var at = index
            // At most `maxDepth` steps.
            while at >= 0 {
                inside[at]?.append(index)
                at = nodes[at].parent
            }
        }
        return inside
    }
}
