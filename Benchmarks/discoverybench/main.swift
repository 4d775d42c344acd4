import Foundation
import GateDiscovery

// Measures the ranking on labelled queries: discoverybench FOLDER [--set name=value]... [--only SET] [--misses N] [--short] [--scale TOOLS [--per-server N]]
var arguments = Array(CommandLine.arguments.dropFirst())
var folder: String?
var ranking = Ranking()
var only: String?
var misses = 0
var short = false
var scale: Int?
var perServer: Int?
while let argument = arguments.first {
    arguments.removeFirst()
    switch argument {
    case "--set":
        let parts = (arguments.first ?? "").split(separator: "=")
        guard parts.count == 2, let value = Float(parts[1]), ranking.set(String(parts[0]), value) else {
            print("--set needs name=value with a name of: \(Ranking.adjustable.keys.sorted().joined(separator: ", "))")
            exit(2)
        }
        arguments.removeFirst()
    case "--only":
        only = arguments.first
        arguments = Array(arguments.dropFirst())
    case "--misses":
        misses = Int(arguments.first ?? "") ?? 0
        arguments = Array(arguments.dropFirst())
    case "--scale":
        scale = Int(arguments.first ?? "")
        arguments = Array(arguments.dropFirst())
    case "--per-server":
        perServer = Int(arguments.first ?? "")
        arguments = Array(arguments.dropFirst())
    case "--short": short = true
    default: folder = argument
    }
}
guard let folder else {
    print(
        "usage: discoverybench FOLDER [--set name=value]... [--only SET] [--misses N] [--short] [--scale TOOLS [--per-server N]]"
    )
    print("FOLDER holds one folder a set, each with servers.jsonl, tools.jsonl and queries.dev.jsonl.")
    exit(2)
}
let root = URL(fileURLWithPath: folder)
if let scale {
    try Scale.measure(root: root, tools: scale, perServer: perServer, ranking: ranking)
} else {
    try Quality.measure(root: root, ranking: ranking, only: only, misses: misses, short: short)
}
