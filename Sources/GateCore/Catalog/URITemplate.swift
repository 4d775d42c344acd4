/// A URI template (RFC 6570), for the one question whether a URI may have been made of it.
///
/// It is read as a chain of bytes and wild cards; a URI is run through all ways of reading it at once, so the time is bounded by
/// (bytes of the URI) × (bytes of the template), and by ``maxSteps`` for whoever sends the worst of both.
package struct URITemplate: Sendable {
    /// Longer templates match nothing.
    package static let maxLength = 2 * 1024
    /// Steps after which a URI counts as not matching.
    package static let maxSteps = 200_000

    private enum Link: Sendable {
        case byte(UInt8)
        /// One or more bytes; without slashes unless it says so.
        case run(slashes: Bool)
        /// What follows may be left out: this many links.
        case optional(Int)
    }

    private let links: [Link]
    /// Bytes that stand for themselves: of two templates that match, the one with more of them says more.
    package let literals: Int

    /// - Returns: nil for a text that is no template of this size.
    package init?(_ text: String) {
        guard text.utf8.count <= Self.maxLength else { return nil }
        var links: [Link] = []
        var literals = 0
        var rest = Array(text.utf8)[...]
        while let byte = rest.first {
            rest = rest.dropFirst()
            guard byte == UInt8(ascii: "{") else {
                links.append(.byte(byte))
                literals += 1
                continue
            }
            guard let end = rest.firstIndex(of: UInt8(ascii: "}")), end > rest.startIndex else { return nil }
            links += Self.expression(rest[..<end])
            rest = rest[(end + 1)...]
        }
        self.links = links
        self.literals = literals
    }

    /// A variable may be empty or undefined: then only what its operator puts in front may be there, or nothing.
    private static func expression(_ text: ArraySlice<UInt8>) -> [Link] {
        let first = text.first ?? 0
        let isSeveral = text.contains(UInt8(ascii: ",")) || text.last == UInt8(ascii: "*")
        switch first {
        case UInt8(ascii: "+"): return [.run(slashes: true)]
        case UInt8(ascii: "#"), UInt8(ascii: "?"), UInt8(ascii: "&"), UInt8(ascii: ";"):
            return [.optional(3), .byte(first), .optional(1), .run(slashes: true)]
        case UInt8(ascii: "/"): return [.optional(3), .byte(first), .optional(1), .run(slashes: isSeveral)]
        case UInt8(ascii: "."): return [.optional(3), .byte(first), .optional(1), .run(slashes: false)]
        default: return [.run(slashes: false)]
        }
    }

    package func matches(_ uri: String) -> Bool {
        var steps = 0
        return matches(uri, steps: &steps)
    }

    /// - Parameter steps: what has been spent on a question that is put to several templates.
    package func matches(_ uri: String, steps: inout Int) -> Bool {
        var active: [Int] = []
        var isActive = [Bool](repeating: false, count: links.count + 1)
        add(0, to: &active, &isActive)
        for byte in uri.utf8 {
            var next: [Int] = []
            for position in active { isActive[position] = false }
            for position in active where position < links.count {
                steps += 1
                switch links[position] {
                case .byte(let wanted) where wanted == byte: add(position + 1, to: &next, &isActive)
                case .run(let slashes) where slashes || byte != UInt8(ascii: "/"):
                    if !isActive[position] {
                        isActive[position] = true
                        next.append(position)
                    }
                    add(position + 1, to: &next, &isActive)
                case .byte, .run, .optional: break
                }
            }
            if next.isEmpty || steps > Self.maxSteps { return false }
            active = next
        }
        return isActive[links.count]
    }

    /// Adds a position and those that are reached from it without a byte.
    private func add(_ position: Int, to active: inout [Int], _ isActive: inout [Bool]) {
        var position = position
        var skips: [Int] = []
        while true {
            if !isActive[position] {
                isActive[position] = true
                active.append(position)
                if position < links.count, case .optional(let count) = links[position] {
                    skips.append(min(position + 1 + count, links.count))
                    position += 1
                    continue
                }
            }
            guard let next = skips.popLast() else { return }
            position = next
        }
    }
}
