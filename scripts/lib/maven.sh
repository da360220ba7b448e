# shellcheck shell=bash
# Artifacts from Maven Central, fetched with mvn into the cache. Needs common.sh; the caller ensures the package maven.

# maven ARGUMENT...: mvn with a repository of its own in the cache, quiet unless it fails.
maven() {
  local output
  say "fetching from Maven: ${MAVEN_WHAT:-$*}"
  output=$(mvn --batch-mode --no-transfer-progress "-Dmaven.repo.local=$ROWTIDE_CACHE/maven" "$@" 2>&1) || {
    tail -n 20 <<<"$output" >&2
    die "mvn $* failed. The lines above say why; check that Maven can reach Maven Central or your mirror (~/.m2/settings.xml)"
  }
}

MAVEN_DEPENDENCY_PLUGIN=org.apache.maven.plugins:maven-dependency-plugin:3.6.1

# maven_artifact GROUP ARTIFACT VERSION: fetches one jar without its dependencies and prints its path.
maven_artifact() {
  MAVEN_WHAT="$2 $3" maven "$MAVEN_DEPENDENCY_PLUGIN:get" "-Dartifact=$1:$2:$3" -Dtransitive=false
  printf '%s\n' "$ROWTIDE_CACHE/maven/${1//.//}/$2/$3/$2-$3.jar"
}

# maven_classpath_folder FOLDER GROUP:ARTIFACT:VERSION...: the jars with all they need at run time, copied into FOLDER.
maven_classpath_folder() {
  local folder=$1 work coordinate parts
  shift
  work=$(mktemp -d)
  {
    echo '<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>'
    echo '<groupId>rowtide</groupId><artifactId>classpath</artifactId><version>1</version><packaging>pom</packaging><dependencies>'
    for coordinate in "$@"; do
      IFS=: read -ra parts <<<"$coordinate"
      printf '<dependency><groupId>%s</groupId><artifactId>%s</artifactId><version>%s</version></dependency>\n' "${parts[@]}"
    done
    echo '</dependencies></project>'
  } >"$work/pom.xml"
  MAVEN_WHAT="$*" maven --file "$work/pom.xml" "$MAVEN_DEPENDENCY_PLUGIN:copy-dependencies" \
    -DincludeScope=runtime "-DoutputDirectory=$folder"
  rm -rf "$work"
}
