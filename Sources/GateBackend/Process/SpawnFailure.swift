/// Why a backend's program could not be started, in words for the person who configured it.
package struct SpawnFailure: Error, Equatable, CustomStringConvertible {
    package enum Cause: Sendable, Equatable {
        case notFound
        case notExecutable
        /// The file is there, but what its first line (or its ELF header) asks for is not.
        case badInterpreter
        case badWorkingDirectory
        /// EMFILE, ENFILE.
        case tooManyOpenFiles
        /// EAGAIN: the user, the container or the system has no process left to give.
        case tooManyProcesses
        case outOfMemory
        /// A name, value or path that cannot be handed to a program, such as one with a NUL byte.
        case invalidRequest
        /// The program did not start within the allowed time, for example from a network drive that does not answer.
        case timedOut
        /// Anything else, with its errno.
        case system(Int32)
    }

    package let cause: Cause
    /// What went wrong and what to do next.
    package let message: String

    package init(_ cause: Cause, _ message: String) {
        self.cause = cause
        self.message = message
    }

    package var description: String { message }

    /// Whether the same attempt may succeed later although nobody changed anything.
    package var isTransient: Bool {
        switch cause {
        case .tooManyOpenFiles, .tooManyProcesses, .outOfMemory, .timedOut: true
        case .notFound, .notExecutable, .badInterpreter, .badWorkingDirectory, .invalidRequest, .system: false
        }
    }
}
