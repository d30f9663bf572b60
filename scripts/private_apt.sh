# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Sourced by setup and fetch-kernel: apt with a source list, pins and index files of its own, so that the machine's apt
# configuration stays as it is. Only the mirror's address is taken from the machine's configuration.

# Prints where the caches of ccasim are; the ccasim command looks in the same place for "@cache/".
ccasim_cache_dir() {
  echo "${CCASIM_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/ccasim}"
}

# Prints the Debian release of this machine, e.g. bookworm.
debian_codename() {
  (. /etc/os-release && echo "${VERSION_CODENAME:-}")
}

# Prints "URI RELEASE KEYRING" for each source of Debian's main component that the machine has for its own release,
# updates included, the release itself first. KEYRING is "-" where none is named.
machine_sources() {
  local codename uri release component entry keyring
  codename=$(debian_codename)
  # shellcheck disable=SC2016 # apt expands these
  # Without the release information: a machine that never ran apt-get update has none.
  apt-get indextargets --no-release-info --format '$(REPO_URI)|$(RELEASE)|$(COMPONENT)|$(SOURCESENTRY)' 'Created-By: Packages' |
    while IFS='|' read -r uri release component entry; do
      case "$component $release" in
        "main $codename" | "main $codename-updates" | "main $codename-security" | "main $codename/updates") ;;
        "main stable" | "main oldstable" | "main testing" | "main unstable") ;;
        *) continue ;;
      esac
      # Deb822: "Signed-By: FILE"; one line: "[signed-by=FILE]". A key in the list itself is no file.
      keyring=$(grep -ioE 'signed-by *[:=] *[^] ]+' "${entry%:*}" 2>/dev/null | head -1 | sed -E 's/^[^:=]*[:=] *//') || true
      [[ $keyring == /* ]] || keyring=/usr/share/keyrings/debian-archive-keyring.gpg
      [[ -e $keyring ]] || keyring=-
      echo "$uri $release $keyring"
    done | awk '!seen[$0]++ { print ($2 ~ /-|\//) ? 1 : 0, $0 }' | sort -s -k1,1 | cut -d ' ' -f 2-
}

# private_apt_begin DIRECTORY ARCHITECTURE: prepares DIRECTORY and sets the array `private_apt`, the options that make
# apt-get and apt-cache use it. The package database stays the machine's, unless the architecture is another one.
private_apt_begin() {
  private_apt_dir=$1
  private_apt_arch=$2
  mkdir -p "$1/lists/partial" "$1/cache/archives/partial"
  : >"$1/sources.list"
  : >"$1/preferences"
  private_apt=(
    -q
    -o "Dir::Etc::SourceList=$1/sources.list" -o Dir::Etc::SourceParts=/dev/null
    -o "Dir::Etc::Preferences=$1/preferences" -o Dir::Etc::PreferencesParts=/dev/null
    -o "Dir::State::Lists=$1/lists" -o "Dir::Cache=$1/cache"
    -o APT::Update::Error-Mode=any -o Acquire::Retries=2 -o Acquire::http::Timeout=20 -o Acquire::https::Timeout=20
    # The directory may be readable for its owner only, which apt's own user is not.
    -o APT::Sandbox::User=
  )
  if [[ $2 != "$(dpkg --print-architecture)" ]]; then
    : >"$1/status"
    private_apt+=(-o "APT::Architecture=$2" -o "APT::Architectures=$2" -o "Dir::State::status=$1/status")
  fi
}

# private_apt_add_source URI SUITE KEYRING: the suite's main component, packages only.
private_apt_add_source() {
  local options="arch=$private_apt_arch target=Packages"
  [[ $3 == - ]] || options+=" signed-by=$3"
  echo "deb [$options] $1 $2 main" >>"$private_apt_dir/sources.list"
}

# Takes the source that was added last away again.
private_apt_drop_source() {
  sed -i '$d' "$private_apt_dir/sources.list"
}

# private_apt_pin PACKAGES SUITE PRIORITY: PACKAGES as in apt_preferences(5).
private_apt_pin() {
  printf 'Package: %s\nPin: release n=%s\nPin-Priority: %s\n\n' "$1" "$2" "$3" >>"$private_apt_dir/preferences"
}
