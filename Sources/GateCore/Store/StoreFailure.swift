/// Why something could not be kept or found.
package enum StoreFailure: Error, Sendable, Equatable {
    /// No room on the disk, or no more than the configuration allows. Room can come back; nothing was written.
    case full(String)
    /// This write or read failed and has left no trace; the next may succeed.
    case failed(String)
    /// What is on the disk is not certain any more (an `fsync` failed, the file is damaged): nothing is accepted until the
    /// gateway has been started again, which checks the file. Asking the disk once more would only hide the loss.
    case broken(String)

    package var reason: String {
        switch self {
        case .full(let reason), .failed(let reason), .broken(let reason): reason
        }
    }
}
