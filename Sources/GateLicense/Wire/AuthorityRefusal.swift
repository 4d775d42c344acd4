package import GateProtocol

/// Why an authority did not do what it was asked. It is not signed, so nothing but a text for people follows from it.
package struct AuthorityRefusal: Error, LicenseMessage {
    package enum Code: String, Sendable, CaseIterable {
        case badRequest = "BAD_REQUEST"
        case licenseUnknown = "LICENSE_UNKNOWN"
        case licenseRevoked = "LICENSE_REVOKED"
        case licenseExpired = "LICENSE_EXPIRED"
        case seatsTaken = "SEATS_TAKEN"
        case instanceUnknown = "INSTANCE_UNKNOWN"
        case rateLimited = "RATE_LIMITED"
        case unavailable = "UNAVAILABLE"
    }

    package var code: Code
    package var message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// Reads `{"error":{"code","message"}}`.
    package init(json: JSONValue) throws(WireError) {
        var outer = try WireReader(json, name: "error")
        var reader = try WireReader(outer.object("error"), name: "error")
        code = try reader.value("code") { Code(rawValue: $0) }
        message = try reader.string("message") { $0.utf8.count <= 512 }
        try reader.end()
        try outer.end()
    }

    package var json: JSONValue {
        ["error": ["code": .string(code.rawValue), "message": .string(message)]]
    }
}
