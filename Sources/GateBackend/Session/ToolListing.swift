package import GateCore
package import NIOCore
package import GateProtocol

/// The tools of a backend as it lists them, page after page.
package enum ToolListing {
    /// Bounds against a backend that never stops.
    private static let maxPages = 200

    /// Follows `nextCursor` to the end.
    ///
    /// - Parameter maxTools: what is beyond is left out.
    /// - Returns: the definitions as JSON text, in order.
    package static func fetch(
        _ connection: BackendConnection, maxTools: Int, deadline: Instant
    ) async throws(GateError) -> [ByteBuffer] {
        var tools: [ByteBuffer] = []
        var cursor: ByteBuffer?
        var seen: Set<[UInt8]> = []
        for _ in 0..<maxPages {
            var params = BackendRequest.Params.none
            if let cursor {
                var members = ByteBuffer()
                members.writeStaticString("\"cursor\":")
                members.writeImmutable(cursor)
                params = .members(members)
            }
            let page = try await connection.send(BackendRequest(MCPMethod.toolsList, params, deadline: deadline))
            guard page.envelope.kind == .result else {
                throw connection.broken("`tools/list` failed: \(page.errorText).")
            }
            guard let list = page.resultMember("tools"), list.isArray else {
                throw connection.broken("the answer to `tools/list` has no `tools`.")
            }
            for element in page.elements(list) {
                guard tools.count < maxTools else { return tools }
                tools.append(page.slice(element))
            }
            // An empty string is a cursor too; a repeated one would go round for ever.
            guard let next = page.resultMember("nextCursor"), next.isString,
                seen.insert(page.bytes(next.value)).inserted
            else { return tools }
            cursor = page.slice(next.value)
        }
        return tools
    }
}

extension WireMessage {
    /// The elements of an array member, as ranges of the message.
    func elements(_ field: JSONField) -> [Range<Int>] {
        buffer.withUnsafeReadableBytes { text in
            var scanner = JSONScanner(UnsafeRawBufferPointer(rebasing: text[field.value]))
            let found = try? scanner.scanArray()
            return (found ?? []).map { $0.lowerBound + field.value.lowerBound..<$0.upperBound + field.value.lowerBound }
        }
    }
}
