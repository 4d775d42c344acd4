import GateDiscovery

extension Ranking {
    nonisolated(unsafe) static let adjustable: [String: WritableKeyPath<Ranking, Float>] = [
        "name": \.name.weight, "title": \.title.weight, "description": \.description.weight,
        "parameterNames": \.parameterNames.weight, "parameterTexts": \.parameterTexts.weight,
        "server": \.server.weight, "serverTitle": \.serverTitle.weight,
        "serverDescription": \.serverDescription.weight, "saturation": \.saturation,
        "lengthPenalty": \.lengthPenalty, "lexical": \.lexical, "meaning": \.meaning,
        "serverMeaning": \.serverMeaning, "synonym": \.synonym, "joined": \.joined, "typo": \.typo,
        "relative": \.relative, "nameMeaning": \.nameMeaning, "significance": \.significance, "clause": \.clause,
        "crowding": \.crowding, "meaningFloor": \.meaningFloor,
    ]

    /// Changes one weight by its name; false when there is none of that name.
    mutating func set(_ name: String, _ value: Float) -> Bool {
        guard let path = Self.adjustable[name] else { return false }
        self[keyPath: path] = value
        return true
    }
}
