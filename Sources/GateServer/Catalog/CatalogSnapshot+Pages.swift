import GateBackend
import GateCore
import GateProtocol
import NIOCore

extension CatalogSnapshot {
    /// A list, whole or by the page.
    ///
    /// - Parameter size: elements of a page; 0 for the whole list in one.
    /// - Throws: `INVALID_PARAMS` for a cursor that is none, or of a list that has changed since: its reader must begin anew.
    func page(
        _ kind: ListKind, _ visibility: Visibility, _ form: ListForm, cursor: String?, size: Int, now: Instant
    ) throws(GateError) -> CatalogPage {
        let ttl = terms(kind, visibility)?.ttl(now: now) ?? 0
        guard size > 0 else {
            if cursor != nil { throw refused("the list comes whole") }
            return CatalogPage(items: listing(kind, visibility, form), ttl: ttl)
        }
        let list = fingerprint(kind, visibility, form)
        var offset = 0
        if let cursor {
            guard let place = PageCursor(cursor), place.list == list else {
                throw refused("the list has changed since")
            }
            offset = place.offset
        }
        let all = definitions(kind, visibility, form)
        guard offset <= all.count else { throw refused("the list has changed since") }
        let end = min(all.count, offset &+ size)
        return CatalogPage(
            items: CatalogSnapshot.array(all[offset..<end]),
            next: end < all.count ? PageCursor(list: list, offset: end).text : nil, ttl: ttl)
    }

    private func refused(_ why: String) -> GateError {
        GateError(
            .invalidParams, "There is no such page: \(why). Ask again without \"cursor\".", source: .caller)
    }
}
