/// How a process ended.
package enum ProcessExit: Sendable, Hashable, CustomStringConvertible {
    case exited(code: Int32)
    case signalled(Int32)

    package var description: String {
        switch self {
        case .exited(let code): "exited with code \(code)"
        case .signalled(let number): "ended by signal \(number)"
        }
    }
}
