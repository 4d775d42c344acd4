/// Why a test's surroundings did not do what the test needs.
package struct TestKitError: Error, CustomStringConvertible {
    package let description: String
    package init(_ description: String) { self.description = description }
}
