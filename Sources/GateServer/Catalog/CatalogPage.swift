package import NIOCore

/// A list, or one page of it.
package struct CatalogPage: Sendable {
    /// The JSON text of an array.
    package var items: ByteBuffer
    /// Where the next page begins; nil behind the last one.
    package var next: String?
    /// For how many milliseconds it is good; 0 when that is not known.
    package var ttl: Int

    package init(items: ByteBuffer, next: String? = nil, ttl: Int = 0) {
        self.items = items
        self.next = next
        self.ttl = ttl
    }
}

/// Where a page begins: the list that it belongs to, and how many elements come before. Agents get it as a text that says nothing to
/// them.
struct PageCursor: Equatable {
    let list: UInt64
    let offset: Int

    init(list: UInt64, offset: Int) {
        self.list = list
        self.offset = offset
    }

    /// - Returns: nil for what is no such text.
    init?(_ text: String) {
        guard text.utf8.count <= 40 else { return nil }
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2, let list = UInt64(parts[0], radix: 16), let offset = Int(parts[1], radix: 16),
            offset >= 0
        else { return nil }
        self.init(list: list, offset: offset)
    }

    var text: String { String(list, radix: 16) + "-" + String(offset, radix: 16) }
}
