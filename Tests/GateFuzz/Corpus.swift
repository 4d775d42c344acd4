#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The inputs that are kept: what is typical, and what has once found something.
package enum Corpus {
    /// - Parameter directory: the one that has a folder for each target.
    /// - Returns: the inputs in the order of their names.
    package static func load(_ target: FuzzTarget, from directory: String) throws -> [[UInt8]] {
        let folder = directory + "/" + target.rawValue
        return try FileManager.default.contentsOfDirectory(atPath: folder).sorted().map { name in
            Array(try Data(contentsOf: URL(fileURLWithPath: folder + "/" + name)))
        }
    }
}
