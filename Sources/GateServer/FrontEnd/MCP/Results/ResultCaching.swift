import GateBackend
import GateProtocol
import NIOCore

/// `ttlMs` and `cacheScope` of a result that 2026-07-28 demands them of, and only of those.
enum ResultCaching {
    case none
    /// What was read of a resource: as long as its server says, for whom it says, and not at all where it says nothing.
    case asServed
    /// It was made of answers of the user.
    case never

    init(_ call: GatewayCall) {
        guard case .resource = call.operation else {
            self = .none
            return
        }
        self = call.round == nil ? .asServed : .never
    }

    func write(to result: inout ResultMembers) {
        let message = result.message
        if case .none = self { return }
        if let type = message.string(result.find("resultType")), !type.utf8.elementsEqual("complete".utf8) { return }
        var ttl: Int?
        var scope: String?
        if case .asServed = self {
            ttl = message.int(result.find("ttlMs"))
            scope = message.string(result.find("cacheScope"))
        }
        set("ttlMs", String(max(0, ttl ?? 0)), in: &result)
        // What may be kept for everybody is so by the server's own word only.
        set("cacheScope", ttl != nil && scope == "public" ? "\"public\"" : "\"private\"", in: &result)
    }

    private func set(_ name: StaticString, _ value: String, in result: inout ResultMembers) {
        if let field = result.find(name) {
            if !result.message.bytes(field.value).elementsEqual(value.utf8) {
                result.replace(name, with: [ByteBuffer(string: value)])
            }
        } else {
            result.add("\"\(name)\":\(value)")
        }
    }
}
