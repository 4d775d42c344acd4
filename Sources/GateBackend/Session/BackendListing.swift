package import GateCore
package import NIOCore

/// One list of a backend, all pages of it.
package struct ListedItems: Sendable {
    /// The definitions as JSON text, in the backend's order.
    package var definitions: [ByteBuffer]
    /// For how long, and for whom; nil where the backend's revision does not say.
    package var terms: CacheTerms?

    package init(_ definitions: [ByteBuffer] = [], terms: CacheTerms? = nil) {
        self.definitions = definitions
        self.terms = terms
    }
}

/// What a backend of 2026-07-28 says of keeping its list (`ttlMs`, `cacheScope`).
package struct CacheTerms: Sendable, Equatable {
    /// When the list stops to be fresh. Of several pages the earliest counts.
    package var freshUntil: Instant
    /// Whether everybody would get the same.
    package var isPublic: Bool

    package init(freshUntil: Instant, isPublic: Bool) {
        self.freshUntil = freshUntil
        self.isPublic = isPublic
    }

    /// The terms of what is made of both.
    package func merged(with other: CacheTerms) -> CacheTerms {
        CacheTerms(freshUntil: min(freshUntil, other.freshUntil), isPublic: isPublic && other.isPublic)
    }

    /// Milliseconds that are left.
    package func ttl(now: Instant) -> Int {
        max(0, Int(clamping: now.duration(to: freshUntil).wholeNanoseconds / 1_000_000))
    }
}

/// What a backend has told of itself and of what it offers.
package struct BackendListing: Sendable {
    package var greeting: BackendGreeting
    /// The lists that were read. One that is missing was not read now: what was known of it stays.
    package var lists: [ListKind: ListedItems]

    package init(greeting: BackendGreeting, lists: [ListKind: ListedItems]) {
        self.greeting = greeting
        self.lists = lists
    }
}
