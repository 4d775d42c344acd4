/// The places a word can stand in; raw values are bits of a mask.
enum Field: UInt8, CaseIterable {
    case name = 1
    case title = 2
    case description = 4
    case parameters = 8
    case server = 16

    /// As written in the reasons of a hit.
    var label: String {
        switch self {
        case .name: "name"
        case .title: "title"
        case .description: "description"
        case .parameters: "parameters"
        case .server: "server"
        }
    }
}
