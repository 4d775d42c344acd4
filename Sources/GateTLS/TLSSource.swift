import Synchronization

/// The context that new connections are made from. It is replaced as a whole; connections that are open keep theirs.
package final class TLSSource: Sendable {
    package let files: TLSFiles
    private let state: Mutex<TLSContext>

    /// - Throws: ``TLSProblem`` when the files cannot be used.
    package init(_ files: TLSFiles) throws(TLSProblem) {
        self.files = files
        state = Mutex(try TLSContext(files))
    }

    package var current: TLSContext { state.withLock { $0 } }

    /// Reads the files again. It blocks on them: not for event loops.
    ///
    /// - Returns: whether the certificate is another one now.
    /// - Throws: ``TLSProblem`` when they cannot be used; then what was in force stays so.
    package func reload() throws(TLSProblem) -> Bool {
        let next = try TLSContext(files)
        return state.withLock { current in
            defer { current = next }
            return current.certificate.fingerprint != next.certificate.fingerprint
        }
    }
}
