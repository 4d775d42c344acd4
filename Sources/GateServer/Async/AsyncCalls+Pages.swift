import GateBackend
import GateCore
import GateProtocol
import GateStore
import NIOCore

/// Lists of calls as REST and the gateway's tools show them.
extension AsyncCalls {
    /// - Parameters:
    ///   - status: only calls in this state.
    ///   - cursor: where the page before ended.
    /// - Returns: `{"calls":[…],"next_cursor":"…"}`, newest first; without a cursor there is nothing more.
    func page(
        _ owners: [InstanceOwner], status: String?, server: String?, cursor: String?, limit: Int
    ) async throws(GateError) -> ByteBuffer {
        var query = CallQuery(owners: owners, order: .newestFirst, server: server, limit: limit + 1)
        if let status {
            guard let known = AsyncCallStatus(rawValue: status) else {
                let all = AsyncCallStatus.allCases.map(\.rawValue).joined(separator: ", ")
                throw GateError(
                    .invalidParams, "'\(status.prefix(32))' is no status of a call. There are: \(all).", source: .caller
                )
            }
            query.statuses = [known]
        }
        if let cursor {
            guard let sequence = UInt64(cursor, radix: 36) else {
                throw GateError(
                    .invalidParams, "There is no such page. Ask again without a cursor.", source: .caller)
            }
            query.past = sequence
        }
        let found = try await list(query)
        var out = ByteBuffer(string: "{\"calls\":[")
        for (index, view) in found.prefix(limit).enumerated() {
            if index > 0 { out.writeStaticString(",") }
            for part in CallDocument(view).parts(withResult: false) { out.writeImmutable(part) }
        }
        out.writeStaticString("]")
        if found.count > limit, let last = found.prefix(limit).last {
            out.writeString(",\"next_cursor\":\"\(String(last.record.sequence, radix: 36))\"")
        }
        out.writeStaticString("}")
        return out
    }
}
