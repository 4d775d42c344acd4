/// What a socket waits for, or what it is ready for.
struct PollerInterest: OptionSet {
    let rawValue: UInt8
    static let read = PollerInterest(rawValue: 1)
    static let write = PollerInterest(rawValue: 2)
    /// Ready only: the descriptor has an error or was hung up.
    static let failed = PollerInterest(rawValue: 4)
}
