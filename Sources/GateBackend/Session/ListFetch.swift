import GateCore
import GateProtocol
import NIOCore

/// Reads a list of a backend, page after page.
struct ListFetch {
    /// Bounds against a backend that never stops.
    private static let maxPages = 200

    let connection: BackendConnection
    let kind: ListKind
    /// What is beyond is left out.
    let maxItems: Int
    let deadline: Instant

    /// Follows `nextCursor` to the end. A cursor that is refused stands for a list that has changed meanwhile: it is read once more
    /// from its beginning, and nothing of the first reading is kept.
    func items() async throws(GateError) -> ListedItems {
        if let items = try await pages() { return items }
        if let items = try await pages() { return items }
        throw connection.broken("it refused its own cursors of `\(kind.method)`.")
    }

    /// - Returns: nil when a cursor was refused.
    private func pages() async throws(GateError) -> ListedItems? {
        var items = ListedItems()
        var cursor: ByteBuffer?
        var seen: Set<[UInt8]> = []
        for number in 0..<ListFetch.maxPages {
            let page = try await connection.send(BackendRequest(kind.method, params(cursor), deadline: deadline))
            guard page.envelope.kind == .result else {
                if cursor != nil { return nil }
                if isAbsent(page) { return items }
                throw connection.broken("`\(kind.method)` failed: \(page.errorText).")
            }
            guard let list = page.resultMember(kind.member), list.isArray else {
                throw connection.broken("the answer to `\(kind.method)` has no `\(kind.member)`.")
            }
            let terms = page.cacheTerms(now: .now)
            items.terms = number == 0 ? terms : items.terms.flatMap { known in terms.map { known.merged(with: $0) } }
            for element in page.elements(list) {
                guard items.definitions.count < maxItems else { return items }
                items.definitions.append(page.slice(element))
            }
            // An empty string is a cursor too; a repeated one would go round for ever.
            guard let next = page.resultMember("nextCursor"), next.isString,
                seen.insert(page.bytes(next.value)).inserted
            else { return items }
            cursor = page.slice(next.value)
        }
        return items
    }

    private func params(_ cursor: ByteBuffer?) -> BackendRequest.Params {
        guard let cursor else { return .none }
        var members = ByteBuffer()
        members.writeStaticString("\"cursor\":")
        members.writeImmutable(cursor)
        return .members(members)
    }

    /// Many servers offer resources and do not know the method for templates: they have none.
    private func isAbsent(_ page: WireMessage) -> Bool {
        kind != .tools && page.int(page.find("code", in: page.envelope.error)) == RPCCode.methodNotFound
    }
}

extension WireMessage {
    /// `ttlMs` and `cacheScope` of a result; nil for one that does not say how long it can be kept.
    func cacheTerms(now: Instant) -> CacheTerms? {
        guard let milliseconds = int(resultMember("ttlMs")) else { return nil }
        // A negative time is none, and a year is long enough.
        let ttl = min(max(0, milliseconds), 31_536_000_000)
        return CacheTerms(
            freshUntil: now.advanced(by: .milliseconds(ttl)),
            isPublic: string(resultMember("cacheScope"))?.utf8.elementsEqual("public".utf8) ?? false)
    }

    /// The elements of an array member, as ranges of the message.
    func elements(_ field: JSONField) -> [Range<Int>] {
        buffer.withUnsafeReadableBytes { text in
            var scanner = JSONScanner(UnsafeRawBufferPointer(rebasing: text[field.value]))
            let found = try? scanner.scanArray()
            return (found ?? []).map { $0.lowerBound + field.value.lowerBound..<$0.upperBound + field.value.lowerBound }
        }
    }
}
