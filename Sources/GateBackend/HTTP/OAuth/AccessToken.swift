/// What is shown to a server in the place of the client's own credentials. Printing shows no token.
package struct AccessToken: Sendable, Equatable, CustomStringConvertible, CustomReflectable {
    /// The value of `Authorization`.
    let authorization: String
    /// Tells two tokens apart though they are the same text.
    let number: Int

    package var description: String { "access token \(number)" }
    package var customMirror: Mirror { Mirror(reflecting: description) }
}

/// Why there is no access token. No part of what the token server has said beyond the error codes of the standards: it may repeat secrets.
package struct TokenFailure: Error, Sendable, Equatable {
    /// A clause: what the token server did, or what happened on the way to it.
    package let reason: String
    /// When it is worth asking again.
    package var retryAfter: Duration?

    package init(_ reason: String) { self.reason = reason }
}
