import GateCurl

/// The transfer that something holds, through the moments in which it is not there yet or not there any more. An exchange
/// may need several, one after the other.
struct TransferHold: Sendable {
    private var transfer: CurlTransfer?
    private var starts = 0
    private(set) var isOver = false

    /// A number for the transfer that is about to be started; nil when none is wanted any more.
    mutating func begin() -> Int? {
        guard !isOver else { return nil }
        starts += 1
        transfer = nil
        return starts
    }

    /// The transfer runs. True when it was given up meanwhile and is to be cancelled.
    mutating func attach(_ started: CurlTransfer, number: Int) -> Bool {
        guard number == starts else { return false }
        guard !isOver else { return true }
        transfer = started
        return false
    }

    /// Ends it once; nil when it had ended before. The transfer in the answer, if any, is to be cancelled.
    mutating func end() -> CurlTransfer?? {
        guard !isOver else { return nil }
        isOver = true
        defer { transfer = nil }
        return .some(transfer)
    }
}
