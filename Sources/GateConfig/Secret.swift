/// A value that must not reach a log, an error text or a status page.
///
/// Printing, interpolating, dumping and reflecting it show `***`; comparing works. `exposed` is the one way to the value,
/// so that a search for that word finds every place that handles a secret in the clear.
package struct Secret<Value: Sendable & Hashable>: Sendable, Hashable {
    /// The value in the clear: only for handing it to a child process, a request or the owner's own 0600 file.
    package let exposed: Value

    package init(_ value: Value) {
        exposed = value
    }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { redactedText }
    package var debugDescription: String { redactedText }
    package var customMirror: Mirror { Mirror(reflecting: redactedText) }
}

/// What is shown in the place of a secret value.
package let redactedText = "***"
