import NIOHTTP1

/// A request that cannot be let through: it is answered with `status` and the connection is closed.
package struct HTTPRefusal: Error, Equatable {
    var status: HTTPResponseStatus
    var reason: StaticString

    init(_ status: HTTPResponseStatus, _ reason: StaticString) {
        self.status = status
        self.reason = reason
    }

    package static func == (left: HTTPRefusal, right: HTTPRefusal) -> Bool { left.status == right.status }
}
