/// The one question that an answer may come to: valid for a minute, and once.
package struct OutstandingNonce: Sendable, Equatable {
    package static let life = 60

    private var nonce: [UInt8]?
    private var asked = 0

    package init() {}

    /// - Parameter now: seconds of the steady clock.
    package mutating func ask(_ nonce: [UInt8], now: Int) {
        self.nonce = nonce
        asked = now
    }

    /// - Returns: whether this is the answer that is waited for. It is not waited for any more afterwards.
    package mutating func redeem(_ answered: [UInt8], now: Int) -> Bool {
        guard let nonce, nonce == answered else { return false }
        self.nonce = nil
        return (0...OutstandingNonce.life).contains(now - asked)
    }
}
