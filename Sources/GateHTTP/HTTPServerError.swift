/// Why the server could not start.
package enum HTTPServerError: Error, Equatable {
    case portInUse(HTTPBindAddress)
    case permissionDenied(HTTPBindAddress)
    case addressNotAvailable(HTTPBindAddress)
    case bindFailed(HTTPBindAddress, reason: String)
    /// None of the addresses, all of them optional, exists on this machine.
    case noAddress
    case alreadyStarted
}

extension HTTPServerError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .portInUse(let address):
            "port \(address.port) is in use (\(address)): stop the program that listens there or choose another port"
        case .permissionDenied(let address):
            "not allowed to listen on \(address): ports below 1024 need extra rights; choose a higher port"
        case .addressNotAvailable(let address):
            "this machine has no address \(address.host): choose one of its own addresses, such as 127.0.0.1"
        case .bindFailed(let address, let reason): "cannot listen on \(address): \(reason)"
        case .noAddress: "no address to listen on: set a host and a port"
        case .alreadyStarted: "the server was already started; make a new one to start again"
        }
    }
}
