import GateTestKit

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Says what was measured: a line on stdout, and a row of a table in the file that `STONEGATE_FAULT_REPORT` names.
enum FaultReport {
    static func add(_ id: String, _ scene: String, _ measured: String) {
        print("\(id) \(scene): \(measured)")
        guard let path = ProcessInfo.processInfo.environment["STONEGATE_FAULT_REPORT"] else { return }
        let old = FileManager.default.contents(atPath: path) ?? Data("| id | scene | measured |\n|---|---|---|\n".utf8)
        try? (old + Data("| \(id) | \(scene) | \(measured) |\n".utf8)).write(to: URL(filePath: path))
    }
}
