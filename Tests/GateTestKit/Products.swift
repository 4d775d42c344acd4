#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Programs that the package builds, found beside the running tests.
package enum Products {
    /// `STONEGATE_BIN_DIR`, else the directory of the test binary.
    package static let directory: String = {
        if let set = ProcessInfo.processInfo.environment["STONEGATE_BIN_DIR"] { return set }
        #if os(Linux)
            let program = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        #else
            let bundle = CommandLine.arguments.first { $0.contains(".xctest") } ?? CommandLine.arguments.first ?? ""
            let program = bundle.components(separatedBy: ".xctest").first ?? bundle
        #endif
        return URL(filePath: program).deletingLastPathComponent().path
    }()

    /// - Throws: when it is not built; the text says how to build it.
    package static func path(_ name: String) throws -> String {
        let path = directory + "/" + name
        guard FileManager.default.isExecutableFile(atPath: path) else {
            throw TestKitError("\(path) is missing: run `swift build --product \(name)`, or set STONEGATE_BIN_DIR")
        }
        return path
    }

    /// The checkout that the tests were compiled from.
    package static let checkout: String = {
        var url = URL(filePath: #filePath)
        for _ in 0..<3 { url.deleteLastPathComponent() }
        return url.path
    }()

    /// The interpreter of one of the environments that `Scripts/test-env.sh` makes: `new`, `old`, `ancient`.
    package static func python(_ environment: String) throws -> String {
        let path = checkout + "/.venv/\(environment)/bin/python"
        guard FileManager.default.isExecutableFile(atPath: path) else {
            throw TestKitError("\(path) is missing: run `Scripts/test-env.sh`")
        }
        return path
    }

    /// A program that a package installed into one of those environments.
    package static func script(_ name: String, in environment: String) throws -> String {
        let path = checkout + "/.venv/\(environment)/bin/\(name)"
        guard FileManager.default.isExecutableFile(atPath: path) else {
            throw TestKitError("\(path) is missing: run `Scripts/test-env.sh`")
        }
        return path
    }
}
