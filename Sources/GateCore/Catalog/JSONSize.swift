import GateProtocol

/// Measures JSON without writing it.
enum JSONSize {
    /// Whether the value's compact text surely has more bytes than the limit. Escapes are not counted; the work ends
    /// where the limit is passed.
    static func exceeds(_ limit: Int, _ value: JSONValue) -> Bool {
        var size = 0
        var stack = [value]
        while let value = stack.popLast() {
            switch value {
            case .null, .bool: size += 4
            case .number(let text): size += text.utf8.count
            case .string(let text): size += text.utf8.count + 2
            case .array(let elements):
                size += 2 + max(0, elements.count - 1)
                guard size <= limit else { return true }
                stack.append(contentsOf: elements)
            case .object(let object):
                size += 2 + max(0, object.members.count - 1)
                guard size <= limit else { return true }
                for member in object.members {
                    size += member.key.utf8.count + 3
                    guard size <= limit else { return true }
                    stack.append(member.value)
                }
            }
            if size > limit { return true }
        }
        return false
    }
}
