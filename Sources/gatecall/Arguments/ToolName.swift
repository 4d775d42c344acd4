import ArgumentParser

/// `SERVER/TOOL`, or a tool's name that is unique.
struct ToolName: ExpressibleByArgument, Sendable {
    let text: String
    let server: String?
    let tool: String

    init?(argument: String) {
        let parts = argument.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard let last = parts.last, !parts.contains(where: \.isEmpty) else { return nil }
        text = argument
        server = parts.count == 2 ? parts[0] : nil
        tool = last
    }
}
