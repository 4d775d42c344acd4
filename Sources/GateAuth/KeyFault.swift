/// Why a provider gave no keys, in words for the operator.
package struct KeyFault: Error, Sendable, Equatable, CustomStringConvertible {
    package let words: String

    package init(_ words: String) { self.words = words }

    package var description: String { words }
}
