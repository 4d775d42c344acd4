import GateConfig
import GateProtocol

enum ConfigFuzz {
    static func check(_ input: [UInt8]) -> String? {
        do throws(ConfigProblems) {
            let loaded = try ConfigLoader.load(
                file: ConfigFile(path: "c.toml", bytes: input), environment: ["HOME": "/home/u", "X": "x"],
                workingDirectory: "/work")
            let shown = EffectiveConfig(loaded.config)
            guard (try? JSONValue(parsing: shown.json, limits: JSONLimits(nodes: .max, members: .max))) != nil else {
                return "what is in force is shown as no JSON"
            }
            for backend in loaded.config.backends {
                // A server that is kept is read again as it was.
                let kept = backend.json(secrets: .exposed)
                guard (try? JSONValue(parsing: kept)) != nil else { return "a backend is kept as no JSON" }
            }
            return nil
        } catch {
            guard !error.problems.isEmpty else { return "refused without a reason" }
            return error.problems.contains { $0.message.isEmpty } ? "a problem without words" : nil
        }
    }
}
