import GateBackend
import GateProtocol
import NIOCore

/// A resource that does not exist: -32002 up to 2025-11-25, -32602 with the URI from 2026-07-28 on.
enum MissingResource {
    static func code(_ era: ProtocolEra) -> Int { era == .modern ? RPCCode.invalidParams : RPCCode.resourceNotFound }

    /// - Returns: nil for an error that means something else.
    static func reply(_ error: GateError, uri: String, id: ByteBuffer, era: ProtocolEra) -> RPCReply? {
        guard error.code == .backendError, let detail = error.detail,
            let members = JSONMembers(ByteBuffer(bytes: detail)), let code = members.number("code").flatMap({ Int($0) })
        else { return nil }
        let data = members.find("data").flatMap { $0.isObject ? JSONMembers(members.slice($0)) : nil }
        guard
            code == RPCCode.resourceNotFound
                || (code == RPCCode.invalidParams && data?.find("uri")?.isString ?? false)
        else { return nil }
        return .error(
            MissingResource.code(era), members.string("message") ?? "Resource not found", id: id,
            data: "{\"uri\":\(JSONValue.string(uri).text)}")
    }
}
