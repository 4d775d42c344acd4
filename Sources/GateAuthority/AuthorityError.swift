import GateCore

/// What keeps an authority's operator from what was wanted, with what to do about it.
package struct AuthorityError: Error, Sendable, Equatable, CustomStringConvertible {
    package enum Kind: Sendable {
        /// The directory holds no authority, or something is wrong with its files.
        case directory
        /// There is no such license or instance.
        case unknown
        /// It cannot be done in this state.
        case conflict
        case storage
    }

    package let kind: Kind
    package let description: String

    init(_ kind: Kind, _ description: String) {
        self.kind = kind
        self.description = description
    }

    init(_ failure: StoreFailure) { self.init(.storage, "The authority's database: \(failure.reason)") }
}
